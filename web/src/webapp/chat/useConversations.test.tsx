import { act, renderHook, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Conversation } from "../server/shapes";
import type { WebAppServer } from "../server/WebAppServer";
import { useConversations } from "./useConversations";

/** Names conversations when it is told to go on. */
function slowServer() {
  const names: string[] = [];
  let goOn: () => void = () => undefined;
  const named = new Promise<void>((resolve) => (goOn = resolve));
  const server = {
    conversations: async () => ({ data: [], has_more: false, limit: 20 }),
    nameItself: async (id: string) => {
      await named;
      names.push("made up");
      return { id, name: "made up" };
    },
    rename: async (id: string, name: string) => {
      names.push(name);
      return { id, name };
    },
  };
  return { server: server as unknown as WebAppServer, names, goOn: () => goOn() };
}

const begun: Conversation = { id: "c1", name: "New", inputs: {}, updated_at: 1 };

async function open(server: WebAppServer) {
  const { result } = renderHook(() => useConversations(server));
  await waitFor(() => expect(result.current.state).toBe("ready"));
  act(() => result.current.begun(begun));
  return result;
}

it("takes the name that is made up for a new conversation", async () => {
  const { server, goOn } = slowServer();
  const result = await open(server);
  goOn();
  await act(() => result.current.title("c1"));
  expect(result.current.lists.recent[0]?.name).toBe("made up");
});

it("keeps a name that is given while another is being made up", async () => {
  const { server, names, goOn } = slowServer();
  const result = await open(server);
  const titled = result.current.title("c1");
  await act(async () => void (await result.current.rename("c1", "mine")));
  goOn();
  await act(() => titled);
  expect(result.current.lists.recent[0]?.name).toBe("mine");
  expect(names).toEqual(["mine", "made up", "mine"]);
  await act(() => result.current.title("c1"));
  expect(names).toHaveLength(3);
});
