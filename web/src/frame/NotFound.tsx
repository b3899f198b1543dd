import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Mark } from "@/ui/Mark";
import { useTitle } from "@/ui/useTitle";

export function NotFound() {
  const { t } = useTranslation("shell");
  useTitle(t("notFoundTitle"));
  return (
    <EmptyState
      icon={<Mark size={40} />}
      title={t("notFoundTitle")}
      text={t("notFoundText")}
      action={
        <Link to="/studio" className={buttonClass("primary")}>
          {t("toStudio")}
        </Link>
      }
    />
  );
}
