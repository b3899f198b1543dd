import { useTranslation } from "react-i18next";
import { isObject, type Json } from "@/api/json";
import { type GraphNode, list } from "@/graph/model";
import { JsonTree } from "@/ui/JsonTree";

/** Keys that say nothing to a reader: canvas state, and what the heading shows already. */
const HIDDEN = new Set([
  "title",
  "type",
  "selected",
  "desc",
  "isInIteration",
  "isInLoop",
  "iteration_id",
  "loop_id",
  "width",
  "height",
  "version",
]);
/** Keys whose value is text over several lines. */
const LONG = new Set(["code", "template", "answer", "instruction", "pre_prompt"]);

/** A node's settings as readable fields; what has no readable form is shown as a tree. */
export function NodeSettings({ node }: { node: GraphNode }) {
  const { t } = useTranslation("build");
  const entries = Object.entries(node.data).filter(
    ([key, value]) => !HIDDEN.has(key) && !isEmpty(value),
  );
  const about = typeof node.data.desc === "string" ? node.data.desc : "";
  return (
    <div className="flex flex-col gap-4">
      {about && <p className="text-muted">{about}</p>}
      {entries.length === 0 && <p className="text-muted">{t("noSettings")}</p>}
      {entries.map(([key, value]) => (
        <section key={key} aria-label={key}>
          <h3 className="mb-1 text-xs text-muted">
            {t(`fields.${key}`, key.replaceAll("_", " "))}
          </h3>
          <Setting name={key} value={value} />
        </section>
      ))}
    </div>
  );
}

function Setting({ name, value }: { name: string; value: Json }) {
  if (name === "model" && isObject(value))
    return <Plain text={[value.name, value.provider].filter(Boolean).join(" · ")} />;
  if (name === "prompt_template") return <Prompts value={value} />;
  if (typeof value === "string" && (LONG.has(name) || value.includes("\n")))
    return <Block text={value} />;
  if (isSelector(value)) return <Selector value={value} />;
  if (Array.isArray(value) && value.length > 0 && value.every(isSelector))
    return (
      <div className="flex flex-wrap gap-1">
        {value.map((one) => (
          <Selector key={String(one)} value={one} />
        ))}
      </div>
    );
  if (
    Array.isArray(value) &&
    value.every((one) => isObject(one) && typeof one.variable === "string")
  )
    return <Variables value={value} />;
  if (typeof value === "object" && value !== null) return <JsonTree value={value} open={2} />;
  return <Plain text={String(value)} />;
}

function Prompts({ value }: { value: Json }) {
  const prompts = (Array.isArray(value) ? value : [value]).filter(isObject);
  return (
    <div className="flex flex-col gap-2">
      {prompts.map((prompt, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of a prompt have no other identity
        <div key={at}>
          {typeof prompt.role === "string" && (
            <div className="mb-0.5 text-xs font-medium">{prompt.role}</div>
          )}
          <Block text={String(prompt.text ?? prompt.jinja2_text ?? "")} />
        </div>
      ))}
    </div>
  );
}

function Variables({ value }: { value: Json[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {value.filter(isObject).map((one) => (
        <li key={String(one.variable)} className="flex flex-wrap items-center gap-2">
          <code>{String(one.variable)}</code>
          <span className="text-xs text-muted">{String(one.value_type ?? one.type ?? "")}</span>
          {isSelector(one.value_selector ?? null) && <Selector value={list(one.value_selector)} />}
        </li>
      ))}
    </ul>
  );
}

function isSelector(value: Json): value is string[] {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.length <= 6 &&
    value.every((one) => typeof one === "string" && one.length < 60)
  );
}

function Selector({ value }: { value: Json[] }) {
  return (
    <code className="self-start rounded-[4px] bg-brass-soft px-1.5 text-brass">
      {value.join(".")}
    </code>
  );
}

function Plain({ text }: { text: string }) {
  return <div className="break-words">{text}</div>;
}

function Block({ text }: { text: string }) {
  return (
    <pre className="max-h-80 overflow-auto whitespace-pre-wrap break-words rounded-control border border-line bg-bg p-2">
      {text}
    </pre>
  );
}

function isEmpty(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
