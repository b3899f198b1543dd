import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Loading } from "@/ui/Loading";
import { isChat } from "../modes";
import { appQuery } from "../queries";

const ChatTest = lazy(() => import("./ChatTest").then(({ ChatTest }) => ({ default: ChatTest })));
const FormTest = lazy(() => import("./FormTest").then(({ FormTest }) => ({ default: FormTest })));

export function TestPage() {
  const { appId } = useParams({ from: "/framed/app/$appId" });
  const { data: app } = useQuery(appQuery(appId));
  if (!app) return <Loading />;
  return (
    <Suspense fallback={<Loading />}>
      {isChat(app.mode) ? <ChatTest key={app.id} app={app} /> : <FormTest key={app.id} app={app} />}
    </Suspense>
  );
}
