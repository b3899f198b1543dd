import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/error";
import { useAbilities } from "@/features/account/roles";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { AddressSection } from "./AddressSection";
import { EgressSection } from "./EgressSection";
import { JobSection } from "./JobSection";
import { PartSection } from "./PartSection";
import { addressesQuery } from "./queries";

/** The installation, for those who look after it. */
export function SystemPage() {
  const { t } = useTranslation("system");
  const { role, manage } = useAbilities();
  // The cheapest of the four questions says whether this is one's business.
  const { error } = useQuery({ ...addressesQuery, enabled: manage });
  const elsewhere = error instanceof ApiError && error.code === "not_first_workspace";
  const closed = role && !manage ? t("onlyAdmins") : elsewhere && t("onlyFirst");
  return (
    <Page title={t("title")} text={t("text")}>
      {closed && <Notice tone="info">{closed}</Notice>}
      {manage && !elsewhere && (
        <>
          <PartSection />
          <AddressSection />
          <JobSection />
          <EgressSection />
        </>
      )}
    </Page>
  );
}
