/** Model providers and models, as the console API tells them. */

/** A text in several languages, with underscore locale keys. */
export interface Words {
  en_US?: string;
  zh_Hans?: string;
}

export interface FormSchema {
  variable: string;
  label: Words;
  type: "text-input" | "secret-input" | "select" | "radio" | "switch" | string;
  required?: boolean;
  default?: string | null;
  options?: { value: string; label: Words; show_on?: ShowOn[] }[] | null;
  placeholder?: Words | null;
  max_length?: number;
  show_on?: ShowOn[];
  tooltip?: Words | null;
  help?: Words | null;
}

export interface ShowOn {
  variable: string;
  value: string;
}

export interface Provider {
  provider: string;
  label: Words;
  description?: Words | null;
  icon_small?: Words | null;
  help?: { title: Words; url: Words } | null;
  supported_model_types: string[];
  configurate_methods: ("predefined-model" | "customizable-model")[];
  provider_credential_schema?: { credential_form_schemas: FormSchema[] } | null;
  model_credential_schema?: {
    model: { label: Words; placeholder?: Words | null };
    credential_form_schemas: FormSchema[];
  } | null;
  custom_configuration?: {
    status: "active" | "no-configure" | string;
    current_credential_id?: string | null;
    available_credentials?: { credential_id: string; credential_name: string }[] | null;
    custom_models?: CustomModel[] | null;
  };
}

export interface CustomModel {
  model: string;
  model_type: string;
}

export interface ProviderModel {
  model: string;
  label: Words;
  model_type: string;
  status?: string;
  fetch_from?: string;
  model_properties?: { mode?: string; context_size?: number } | null;
}

/** The models one may choose from, by provider. */
export interface ModelChoice {
  provider: string;
  label: Words;
  models: ProviderModel[];
}

export interface DefaultModel {
  model: string;
  model_type: string;
  provider: { provider: string; label?: Words };
}
