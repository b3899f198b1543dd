import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { JsonObject } from "@/api/json";
import type { AppDetail, FormField } from "@/api/types";
import { parseGraph, startVariables } from "@/graph/model";
import { isGraph } from "../modes";
import { draftQuery } from "../queries";
import { formFields, wrappedFields } from "../run/formValues";

export interface AppForm {
  pending: boolean;
  fields: FormField[];
  /** Opening statement, file upload and the like. */
  features: JsonObject;
}

/** The form and the features of an app, whichever way the app keeps them. */
export function useAppForm(app: AppDetail): AppForm {
  const graph = isGraph(app.mode);
  const draft = useQuery({ ...draftQuery(app.id), enabled: graph });
  const workflow = draft.data;
  return useMemo(() => {
    if (graph)
      return {
        pending: draft.isPending,
        fields: formFields(startVariables(parseGraph(workflow?.graph))),
        features: workflow?.features ?? {},
      };
    return {
      pending: false,
      fields: wrappedFields(app.model_config?.user_input_form),
      features: (app.model_config ?? {}) as JsonObject,
    };
  }, [graph, draft.isPending, workflow, app.model_config]);
}
