import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Loading } from "@/ui/Loading";
import { isGraph } from "../modes";
import { appQuery } from "../queries";

const GraphBuild = lazy(() =>
  import("./GraphBuild").then(({ GraphBuild }) => ({ default: GraphBuild })),
);
const PromptBuild = lazy(() =>
  import("./PromptBuild").then(({ PromptBuild }) => ({ default: PromptBuild })),
);

export function BuildPage() {
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const { data: app } = useQuery(appQuery(appId));
  if (!app) return <Loading />;
  return (
    <Suspense fallback={<Loading />}>
      {isGraph(app.mode) ? (
        <GraphBuild key={app.id} app={app} />
      ) : (
        <PromptBuild key={app.id} app={app} />
      )}
    </Suspense>
  );
}
