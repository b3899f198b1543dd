import { useTranslation } from "react-i18next";
import { CopyButton } from "@/ui/CopyButton";

interface NodeProps {
  name: string | null;
  value: unknown;
  path: string;
  depth: number;
}

/** Levels that are open at first. */
const OPEN = 2;
/** Of a long list only so many entries are drawn. */
const MOST = 500;

/** JSON as a tree that folds, each entry with its path to copy. */
export function DataTree({ value }: { value: unknown }) {
  return (
    <div className="min-w-0 overflow-x-auto rounded-control border border-line bg-surface px-3 py-2 font-mono">
      <TreeNode name={null} value={value} path="" depth={0} />
    </div>
  );
}

function TreeNode({ name, value, path, depth }: NodeProps) {
  const { t } = useTranslation("webapp");
  if (typeof value !== "object" || value === null) {
    return (
      <div className="group/leaf flex min-h-6 items-baseline gap-2">
        <Name name={name} />
        <Leaf value={value} />
        <PathCopy path={path} />
      </div>
    );
  }
  const entries = Array.isArray(value)
    ? value.map((each, at) => [String(at), each] as const)
    : Object.entries(value);
  const inner = (key: string): string =>
    Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
  return (
    <details open={depth < OPEN}>
      <summary className="min-h-6 whitespace-nowrap text-muted">
        <Name name={name} /> {t("run.entries", { count: entries.length })}
      </summary>
      <div className="border-l border-line pl-4">
        {entries.slice(0, MOST).map(([key, each]) => (
          <TreeNode key={key} name={key} value={each} path={inner(key)} depth={depth + 1} />
        ))}
        {entries.length > MOST && <div className="text-muted">{"…"}</div>}
      </div>
    </details>
  );
}

function Name({ name }: { name: string | null }) {
  return name === null ? null : <span className="whitespace-nowrap text-info">{name}</span>;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string")
    return <span className="whitespace-pre-wrap break-words text-text">{value}</span>;
  return <span className="text-hue-orange">{String(value)}</span>;
}

function PathCopy({ path }: { path: string }) {
  const { t } = useTranslation("webapp");
  if (!path) return null;
  return (
    <span className="ml-auto opacity-0 focus-within:opacity-100 group-hover/leaf:opacity-100">
      <CopyButton text={path} label={t("run.copyPath", { path })} />
    </span>
  );
}
