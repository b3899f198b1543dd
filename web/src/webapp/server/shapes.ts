/** What the web-app routes answer, as far as the pages read it. */
import type { FileSizeLimits, FileUploadConfig } from "@/chat/client";

export interface Site {
  title: string;
  chat_color_theme?: string | null;
  chat_color_theme_inverted?: boolean;
  icon_type?: string | null;
  icon?: string | null;
  icon_background?: string | null;
  icon_url?: string | null;
  description?: string | null;
  copyright?: string | null;
  privacy_policy?: string | null;
  custom_disclaimer?: string | null;
  default_language?: string | null;
  show_workflow_steps?: boolean;
  use_icon_as_answer_icon?: boolean;
  input_placeholder?: string | null;
}

export interface SiteAnswer {
  app_id: string;
  site: Site;
}

interface Switch {
  enabled?: boolean;
}

export interface Parameters {
  opening_statement?: string | null;
  suggested_questions?: string[] | null;
  suggested_questions_after_answer?: Switch | null;
  retriever_resource?: Switch | null;
  user_input_form?: unknown;
  file_upload?: FileUploadConfig | null;
  system_parameters?: FileSizeLimits | null;
}

export interface Conversation {
  id: string;
  name: string;
  inputs?: Record<string, unknown> | null;
  status?: string;
  introduction?: string | null;
  created_at?: number;
  updated_at?: number;
}

export interface Page<T> {
  data: T[];
  has_more: boolean;
  limit: number;
}
