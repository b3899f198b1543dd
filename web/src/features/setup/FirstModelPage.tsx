import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/console";
import { AuthCard } from "@/features/auth/AuthCard";
import { type AddedModel, CustomModelForm } from "@/features/models/CustomModelForm";
import { ownEndpoint } from "@/features/models/ownEndpoint";
import { providersQuery } from "@/features/models/queries";
import { buttonClass } from "@/ui/Button";
import { errorText } from "@/ui/errorText";
import { Loading } from "@/ui/Loading";
import { Notice } from "@/ui/Notice";
import { useToasts } from "@/ui/toasts";

/** Last step of set-up, skippable: one endpoint, made the default, so that the first app works at once. */
export function FirstModelPage() {
  const { t } = useTranslation("auth");
  const navigate = useNavigate();
  const providers = useQuery(providersQuery);
  const show = useToasts((store) => store.show);
  const provider = ownEndpoint(providers.data ?? []);
  const finish = async ({ model, type }: AddedModel) => {
    const settings = [{ model_type: type, provider: provider?.provider, model }];
    await api
      .post("/workspaces/current/default-model", { model_settings: settings })
      .catch((error: unknown) => show({ text: errorText(error), tone: "bad" }));
    await navigate({ to: "/studio" });
  };
  return (
    <AuthCard title={t("modelTitle")} text={t("modelText")}>
      {providers.isPending && <Loading />}
      {providers.error && <Notice tone="bad">{errorText(providers.error)}</Notice>}
      {provider && <CustomModelForm provider={provider} onSaved={(added) => void finish(added)} />}
      <Link to="/studio" className={`${buttonClass("quiet")} -ml-3 mt-3 text-muted`}>
        {t("modelSkip")}
      </Link>
    </AuthCard>
  );
}
