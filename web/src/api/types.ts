/** Shapes of the console API's objects: the fields the console reads, spelled as the contract spells them. */
import type { ExecutionMetadata, NodeStatus, RunStatus } from "./events";
import type { Json, JsonObject } from "./json";

export interface Result {
  result: string;
}

export interface Page<T> {
  page: number;
  limit: number;
  total: number;
  has_more: boolean;
  data: T[];
}

export interface SystemFeatures {
  enable_email_password_login: boolean;
  enable_email_code_login: boolean;
  enable_social_oauth_login: boolean;
  is_allow_register: boolean;
  is_allow_create_workspace: boolean;
  is_email_setup: boolean;
}

export type Role = "owner" | "admin" | "editor" | "normal" | "dataset_operator";

export interface Account {
  id: string;
  name: string;
  email: string;
  avatar_url?: string | null;
  is_password_set: boolean;
  interface_language: string | null;
  interface_theme: string | null;
  timezone: string | null;
}

export interface Member {
  id: string;
  name: string;
  email: string;
  avatar_url?: string | null;
  last_active_at?: number | null;
  last_login_at?: number | null;
  role: Role;
  status: string;
}

export interface Workspace {
  id: string;
  name: string;
  status: string;
  current: boolean;
}

export interface CurrentWorkspace {
  id: string;
  name: string;
  role: Role;
}

export type AppMode = "chat" | "agent-chat" | "completion" | "advanced-chat" | "workflow";

export interface AppIconFields {
  icon_type: string | null;
  icon: string | null;
  icon_background: string | null;
  icon_url?: string | null;
}

export interface AppCard extends AppIconFields {
  id: string;
  name: string;
  description: string;
  mode: AppMode;
  created_at: number;
  updated_at: number;
  author_name?: string | null;
  create_user_name?: string | null;
  workflow?: { id: string; updated_at?: number } | null;
}

export interface Site {
  access_token?: string | null;
  code?: string | null;
  title?: string;
  app_base_url?: string | null;
  show_workflow_steps?: boolean;
}

export interface AppDetail extends AppCard {
  enable_site: boolean;
  enable_api: boolean;
  api_base_url?: string | null;
  site?: Site | null;
  model_config?: ModelConfig | null;
  max_active_requests?: number | null;
  use_icon_as_answer_icon?: boolean;
}

export interface FormField {
  variable: string;
  label: string;
  type: string;
  required?: boolean;
  hide?: boolean;
  description?: string;
  placeholder?: string;
  default?: Json;
  max_length?: number | null;
  options?: string[];
  allowed_file_types?: string[];
  allowed_file_extensions?: string[];
  allowed_file_upload_methods?: string[];
}

export interface AppModel {
  provider: string;
  name: string;
  mode: string;
  completion_params: JsonObject;
}

/** Configuration of chat, agent and completion apps. Unknown keys are kept and sent back. */
export interface ModelConfig {
  model?: AppModel | null;
  pre_prompt?: string | null;
  opening_statement?: string | null;
  suggested_questions?: string[] | null;
  suggested_questions_after_answer?: { enabled: boolean } | null;
  user_input_form?: Record<string, FormField>[] | null;
  retriever_resource?: { enabled: boolean } | null;
  file_upload?: JsonObject | null;
  prompt_type?: string | null;
  [key: string]: unknown;
}

export type ImportStatus = "pending" | "completed" | "completed-with-warnings" | "failed";

export interface AppImport {
  id: string;
  status: ImportStatus;
  app_id?: string | null;
  app_mode?: AppMode | null;
  current_dsl_version?: string;
  imported_dsl_version?: string;
  error?: string;
  findings?: Finding[];
}

export interface GraphJson {
  nodes: JsonObject[];
  edges: JsonObject[];
  viewport?: JsonObject;
}

export interface Person {
  id: string;
  name?: string;
  email?: string;
}

export interface Workflow {
  id: string;
  graph: GraphJson;
  features: JsonObject;
  hash: string;
  version: string;
  marked_name?: string;
  marked_comment?: string;
  created_at: number;
  created_by?: Person | null;
  updated_at: number;
  environment_variables: JsonObject[];
  conversation_variables: JsonObject[];
}

export interface RunRow {
  id: string;
  version?: string;
  status: RunStatus;
  elapsed_time: number;
  total_tokens: number;
  total_steps: number;
  created_at: number;
  finished_at?: number | null;
  created_by_account?: Person | null;
  exceptions_count?: number;
  conversation_id?: string;
  message_id?: string;
}

export interface RunDetail extends RunRow {
  graph?: GraphJson | null;
  inputs?: Json;
  outputs?: Json;
  error?: string | null;
  created_by_role?: string;
  created_by_end_user?: { id: string; session_id?: string } | null;
}

export interface NodeExecution {
  id: string;
  index: number;
  node_id: string;
  node_type: string;
  title: string;
  predecessor_node_id?: string | null;
  inputs?: Json;
  process_data?: Json;
  outputs?: Json;
  status: NodeStatus;
  error?: string | null;
  elapsed_time: number;
  execution_metadata?: ExecutionMetadata | null;
  created_at: number;
  finished_at?: number | null;
  inputs_truncated?: boolean;
  outputs_truncated?: boolean;
}

export interface ApiKey {
  id: string;
  token: string;
  last_used_at?: number | null;
  created_at: number;
}

/** A fault of an app that was found without running it. */
export interface Finding {
  level: "error" | "warning";
  node_id: string;
  title: string;
  field: string;
  message: string;
  mend: string;
}
