import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { rememberLanguage } from "@/i18n/choice";
import { type Language, languageOf, localeOf, setLanguage } from "@/i18n/start";
import { errorText } from "@/ui/errorText";
import { SelectField } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { Section } from "@/ui/Section";
import { profileQuery } from "./queries";

export function LanguagePage() {
  const { t, i18n } = useTranslation(["account", "auth", "settings"]);
  const { data: account } = useQuery(profileQuery);
  const cache = useQueryClient();
  const refresh = () => cache.invalidateQueries({ queryKey: profileQuery.queryKey });
  const language = useMutation({
    mutationFn: async (next: Language) => {
      await api.post("/account/interface-language", { interface_language: localeOf(next) });
      rememberLanguage(next);
      await setLanguage(next);
    },
    onSuccess: refresh,
  });
  const zone = useMutation({
    mutationFn: (timezone: string) => api.post("/account/timezone", { timezone }),
    onSuccess: refresh,
  });
  const zones = Intl.supportedValuesOf("timeZone");
  const own = account?.timezone ?? "";
  const known = own === "" || zones.includes(own);
  const error = language.error ?? zone.error;
  return (
    <Page title={t("settings:language")}>
      {error && <Notice tone="bad">{errorText(error)}</Notice>}
      <Section title={t("account:languageOfConsole")}>
        <SelectField
          label={t("auth:language")}
          value={languageOf(i18n.language)}
          options={[
            { value: "en", label: t("auth:english") },
            { value: "zh", label: t("auth:chinese") },
          ]}
          onChange={(event) => language.mutate(languageOf(event.target.value))}
          className="max-w-60"
        />
      </Section>
      <Section title={t("account:time")} text={t("account:timeText")}>
        <SelectField
          label={t("account:timezone")}
          value={own}
          options={[...(known ? [] : [own]), ...zones].map((value) => ({ value, label: value }))}
          onChange={(event) => zone.mutate(event.target.value)}
          className="max-w-60"
        />
      </Section>
    </Page>
  );
}
