import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Mark } from "@/ui/Mark";
import { useTitle } from "@/ui/useTitle";

/** Outside the frame this page is the whole document, inside it is a part of `main`. */
function Surround({ children }: { children: ReactNode }) {
  const framed = document.getElementById("content") !== null;
  return framed ? (
    children
  ) : (
    <main className="flex min-h-dvh flex-col justify-center">{children}</main>
  );
}

export function NotFound() {
  const { t } = useTranslation("shell");
  useTitle(t("notFoundTitle"));
  return (
    <Surround>
      <EmptyState
        main
        icon={<Mark size={40} />}
        title={t("notFoundTitle")}
        text={t("notFoundText")}
        action={
          <Link to="/studio" className={buttonClass("primary")}>
            {t("toStudio")}
          </Link>
        }
      />
    </Surround>
  );
}
