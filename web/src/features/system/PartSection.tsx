import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import { FindingRow } from "./FindingRow";
import { partsQuery } from "./queries";

/** Database, cache, storage and the rest: what works, and how to mend what does not. */
export function PartSection() {
  const { t } = useTranslation("system");
  const parts = useQuery(partsQuery);
  return (
    <Section
      title={t("parts")}
      text={t("partsText")}
      action={
        <Button
          small
          busy={parts.isFetching}
          icon={<RefreshCw size={14} />}
          onClick={() => void parts.refetch()}
        >
          {t("lookAgain")}
        </Button>
      }
    >
      {parts.isPending && <Loading />}
      {parts.error && <Notice tone="bad">{errorText(parts.error)}</Notice>}
      {parts.data && (
        <>
          <ul className="-my-2 divide-y divide-line">
            {parts.data.data.map((one) => (
              <FindingRow
                key={one.part}
                name={t(`part.${one.part}`, one.part)}
                state={one.configured}
                problem={one.problem}
                mend={one.mend}
              />
            ))}
          </ul>
          <p className="mt-4 text-xs text-muted">
            {t("version", { version: parts.data.version, shape: parts.data.shape })}
          </p>
        </>
      )}
    </Section>
  );
}
