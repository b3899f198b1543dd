import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { LogOut, UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { profileQuery } from "@/features/account/queries";
import { signOut } from "@/features/auth/session";
import { Menu } from "@/ui/Menu";

export function AccountMenu() {
  const { t } = useTranslation("shell");
  const { data: account } = useQuery(profileQuery);
  const cache = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut().catch(() => undefined);
    await navigate({ to: "/signin" });
    cache.clear();
  };
  const initials = (account?.name ?? "")
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  return (
    <Menu
      heading={account?.email}
      trigger={
        <button
          type="button"
          aria-label={t("accountOf", { initials: initials.toUpperCase() })}
          className="ml-1 flex size-7 items-center justify-center overflow-hidden rounded-full bg-brass-soft text-xs font-semibold text-brass"
        >
          {account?.avatar_url ? <img alt="" src={account.avatar_url} /> : initials.toUpperCase()}
        </button>
      }
      items={[
        {
          key: "account",
          label: t("account"),
          icon: <UserRound size={14} />,
          onSelect: () => void navigate({ to: "/settings/account" }),
        },
        null,
        {
          key: "leave",
          label: t("signOut"),
          icon: <LogOut size={14} />,
          onSelect: () => void leave(),
        },
      ]}
    />
  );
}
