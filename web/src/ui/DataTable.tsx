import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";
import { errorText } from "./errorText";
import { Loading } from "./Loading";
import { Notice } from "./Notice";

interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** Takes the room that is left. */
  grow?: boolean;
  /** Only on wide screens. */
  wide?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  selected?: string | undefined;
  onOpen: (key: string) => void;
  result: {
    isPending: boolean;
    error: Error | null;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
  empty: string;
  emptyText?: string;
}

/**
 * Rows that open something beside the list. The header stays; rows off the screen cost no layout
 * (`content-visibility`), so long lists stay smooth without losing the browser's own search.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, keyOf, selected, onOpen, result, empty, emptyText } = props;
  const { t } = useTranslation("ui");
  if (result.isPending) return <Loading />;
  if (result.error)
    return (
      <div className="p-4">
        <Notice tone="bad">{errorText(result.error)}</Notice>
      </div>
    );
  if (rows.length === 0) return <EmptyState title={empty} text={emptyText} />;
  const shape = (column: Column<Row>) =>
    `${column.numeric ? "text-right" : ""} ${column.wide ? "hidden md:table-cell" : ""} ${column.grow ? "w-full max-w-0" : "whitespace-nowrap"}`;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <table aria-label={label} className="w-full text-xs">
        <thead className="sticky top-0 z-10 bg-bg">
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={`border-b border-line px-3 py-2 text-left font-medium text-muted ${shape(column)}`}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const key = keyOf(row);
            return (
              <tr
                key={key}
                tabIndex={0}
                aria-selected={key === selected}
                onClick={() => onOpen(key)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" || event.key === " ") onOpen(key);
                  else if (event.key === "ArrowDown")
                    focusRow(event.currentTarget.nextElementSibling);
                  else if (event.key === "ArrowUp")
                    focusRow(event.currentTarget.previousElementSibling);
                  else return;
                  event.preventDefault();
                }}
                className="cursor-pointer border-b border-line -outline-offset-2 [content-visibility:auto] hover:bg-line/30 aria-selected:bg-brass-soft"
              >
                {columns.map((column) => (
                  <td key={column.key} className={`h-9 px-3 ${shape(column)}`}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {result.hasNextPage && (
        <div className="flex justify-center p-3">
          <Button
            small
            busy={result.isFetchingNextPage}
            onClick={() => void result.fetchNextPage()}
          >
            {t("expand")}
          </Button>
        </div>
      )}
    </div>
  );
}

function focusRow(row: Element | null): void {
  if (row instanceof HTMLElement) row.focus();
}
