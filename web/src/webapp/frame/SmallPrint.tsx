import { useTranslation } from "react-i18next";
import type { Site } from "../server/shapes";

/** What the app's owner wants to be said, and where their rules are. */
export function SmallPrint({ site }: { site: Site }) {
  const { t } = useTranslation("webapp");
  const privacy = /^https?:\/\//i.test(site.privacy_policy ?? "") ? site.privacy_policy : null;
  if (!site.copyright && !privacy) return null;
  return (
    <p className="flex flex-wrap gap-x-3 text-xs text-muted">
      {site.copyright && <span>{`© ${site.copyright}`}</span>}
      {privacy && (
        <a href={privacy} target="_blank" rel="noopener noreferrer" className="underline">
          {t("privacy")}
        </a>
      )}
    </p>
  );
}
