import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "@/ui/errorText";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import { findingsQuery } from "../queries";
import { FindingList } from "./FindingList";

/** The faults of an app before anybody runs it. */
export function CheckSection({ appId }: { appId: string }) {
  const { t } = useTranslation("publish");
  const { data: findings, error } = useQuery(findingsQuery(appId));
  if (error)
    return (
      <Section title={t("check")}>
        <Notice tone="bad">{errorText(error)}</Notice>
      </Section>
    );
  if (!findings) return null;
  const errors = findings.filter(({ level }) => level === "error").length;
  const text = findings.length === 0 ? "checkNone" : errors > 0 ? "checkErrors" : "checkWarnings";
  return (
    <Section title={t("check")} text={t(text)}>
      {findings.length > 0 && <FindingList appId={appId} findings={findings} />}
    </Section>
  );
}
