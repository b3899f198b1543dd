import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Section";
import { FindingRow } from "./FindingRow";
import { type AddressFinding, addressesQuery, reachQuery } from "./queries";

const FILES = "FILES_URL";

/** The installation's addresses, against the one that this browser came by. */
export function AddressSection() {
  const { t } = useTranslation("system");
  const addresses = useQuery(addressesQuery);
  return (
    <Section title={t("addresses")} text={t("addressesText", { origin: location.origin })}>
      {addresses.isPending && <Loading />}
      {addresses.error && <Notice tone="bad">{errorText(addresses.error)}</Notice>}
      {addresses.data && (
        <ul className="-my-2 divide-y divide-line">
          {addresses.data.data.map((one) =>
            one.variable === FILES ? (
              <FilesRow key={one.variable} found={one} probe={addresses.data.probe} />
            ) : (
              <AddressRow key={one.variable} found={one} />
            ),
          )}
        </ul>
      )}
    </Section>
  );
}

function AddressRow({ found, problem, mend }: { found: AddressFinding } & Partial<AddressFinding>) {
  const { t } = useTranslation("system");
  const isWord = found.variable === "cookies";
  return (
    <FindingRow
      code={!isWord}
      name={isWord ? t("cookies") : found.variable}
      state={found.value || isWord ? found.effective : t("notSet", { effective: found.effective })}
      problem={problem ?? found.problem}
      mend={mend ?? found.mend}
    />
  );
}

/** The address of file links is tried out from here: what the server thinks of it proves nothing. */
function FilesRow({ found, probe }: { found: AddressFinding; probe: string }) {
  const { t } = useTranslation("system");
  const reached = useQuery(reachQuery(probe)).data;
  if (found.problem || reached !== false) return <AddressRow found={found} />;
  return (
    <AddressRow
      found={found}
      problem={t("notReached", { address: found.effective })}
      mend={t("notReachedMend", { origin: location.origin })}
    />
  );
}
