import { Link } from "@tanstack/react-router";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Finding } from "@/api/types";
import { Button } from "@/ui/Button";

const SHOWN = 5;

/** What is wrong, where, and how to mend it; errors first, as they come. */
export function FindingList({ appId, findings }: { appId: string; findings: Finding[] }) {
  const { t } = useTranslation("publish");
  const [all, setAll] = useState(false);
  return (
    <>
      <ul className="flex flex-col gap-3">
        {(all ? findings : findings.slice(0, SHOWN)).map((finding) => (
          <FindingItem
            key={`${finding.node_id} ${finding.field} ${finding.message}`}
            appId={appId}
            finding={finding}
          />
        ))}
      </ul>
      {!all && findings.length > SHOWN && (
        <Button look="quiet" className="mt-2" onClick={() => setAll(true)}>
          {t("showAll", { count: findings.length })}
        </Button>
      )}
    </>
  );
}

function FindingItem({ appId, finding }: { appId: string; finding: Finding }) {
  const { t } = useTranslation("publish");
  const error = finding.level === "error";
  const Icon = error ? CircleAlert : TriangleAlert;
  return (
    <li className="flex items-start gap-2">
      <Icon
        aria-label={t(finding.level)}
        role="img"
        size={16}
        className={`mt-px shrink-0 ${error ? "text-bad" : "text-warn"}`}
      />
      <div className="min-w-0 flex-1 break-words">
        <p>
          {finding.node_id && (
            <>
              <Link
                to="/app/$appId/build"
                params={{ appId }}
                search={{ node: finding.node_id }}
                className="underline"
              >
                {finding.title || finding.node_id}
              </Link>
              {": "}
            </>
          )}
          {finding.message}
        </p>
        <p className="text-muted">
          {finding.mend} {finding.field && <code className="text-xs">{finding.field}</code>}
        </p>
      </div>
    </li>
  );
}
