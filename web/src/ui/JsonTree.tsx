import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isObject, type Json } from "@/api/json";
import { CopyButton } from "./CopyButton";

interface JsonTreeProps {
  value: Json;
  /** Levels open at first. */
  open?: number;
}

/** At most this many children are drawn at once. */
const BATCH = 100;
const LONG = 300;

/** JSON as a tree that folds; each row can copy its path. */
export function JsonTree({ value, open = 2 }: JsonTreeProps) {
  return (
    <div className="overflow-x-auto font-mono leading-[1.6]">
      {isBranch(value) ? (
        <Children value={value} path="" depth={0} open={open} />
      ) : (
        <Leaf value={value} />
      )}
    </div>
  );
}

type BranchValue = Json[] | { [key: string]: Json };

function isBranch(value: Json): value is BranchValue {
  return typeof value === "object" && value !== null;
}

function Children({
  value,
  path,
  depth,
  open,
}: {
  value: BranchValue;
  path: string;
  depth: number;
  open: number;
}) {
  const { t } = useTranslation("ui");
  const [shown, setShown] = useState(BATCH);
  const entries = isObject(value)
    ? Object.entries(value)
    : value.map((one, at) => [String(at), one] as const);
  if (entries.length === 0)
    return <span className="text-muted">{isObject(value) ? "{}" : "[]"}</span>;
  return (
    <ul className={depth > 0 ? "ml-[6px] border-l border-line pl-3" : ""}>
      {entries.slice(0, shown).map(([key, child]) => (
        <Row
          key={key}
          name={key}
          value={child}
          path={isObject(value) ? (path ? `${path}.${key}` : key) : `${path}[${key}]`}
          depth={depth}
          open={open}
        />
      ))}
      {entries.length > shown && (
        <li>
          <button
            type="button"
            className="text-brass hover:underline"
            onClick={() => setShown(shown + BATCH)}
          >
            {t("items", { count: entries.length - shown })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Row({
  name,
  value,
  path,
  depth,
  open,
}: {
  name: string;
  value: Json;
  path: string;
  depth: number;
  open: number;
}) {
  const { t } = useTranslation("ui");
  const branch = isBranch(value);
  const [unfolded, setUnfolded] = useState(depth + 1 < open);
  const count = branch ? Object.keys(value).length : 0;
  return (
    <li>
      <div className="group flex items-start gap-1">
        {branch && count > 0 ? (
          <button
            type="button"
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
            className="flex items-center gap-0.5 text-left"
          >
            <ChevronRight
              size={12}
              aria-hidden="true"
              className={`shrink-0 text-muted transition-transform ${unfolded ? "rotate-90" : ""}`}
            />
            <span className="text-info">{name}</span>
            <span className="ml-1.5 text-muted">{t("items", { count })}</span>
          </button>
        ) : (
          <span className="min-w-0 whitespace-pre-wrap break-words pl-[14px]">
            <span className="text-info">{name}</span>
            <span className="text-muted">{": "}</span>
            {branch ? (
              <span className="text-muted">{Array.isArray(value) ? "[]" : "{}"}</span>
            ) : (
              <Leaf value={value} />
            )}
          </span>
        )}
        <span className="-my-1 ml-auto opacity-0 focus-within:opacity-100 group-hover:opacity-100">
          <CopyButton text={path} label={t("copyPath")} />
        </span>
      </div>
      {branch && unfolded && count > 0 && (
        <Children value={value} path={path} depth={depth + 1} open={open} />
      )}
    </li>
  );
}

function Leaf({ value }: { value: Exclude<Json, BranchValue> }) {
  const { t } = useTranslation("ui");
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string")
    return <span className={value === null ? "text-muted" : "text-brass"}>{String(value)}</span>;
  const long = value.length > LONG && !whole;
  return (
    <span className="whitespace-pre-wrap break-words">
      {long ? `${value.slice(0, LONG)}…` : value}
      {value === "" && <span className="text-muted">{'""'}</span>}
      {long && (
        <button
          type="button"
          className="ml-1 text-brass hover:underline"
          onClick={() => setWhole(true)}
        >
          {t("characters", { count: value.length })}
        </button>
      )}
    </span>
  );
}
