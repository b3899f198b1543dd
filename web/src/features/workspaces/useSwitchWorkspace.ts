import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api } from "@/api/console";
import { errorText } from "@/ui/errorText";
import { useToasts } from "@/ui/toasts";

/** Makes another workspace the current one; everything cached belongs to the old one and goes. */
export function useSwitchWorkspace() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const show = useToasts((store) => store.show);
  return useMutation({
    mutationFn: (id: string) => api.post("/workspaces/switch", { tenant_id: id }),
    onSuccess: async () => {
      await navigate({ to: "/studio" });
      cache.removeQueries({
        predicate: ({ queryKey }) =>
          queryKey[0] !== "profile" && queryKey[0] !== "workspace" && queryKey[0] !== "workspaces",
      });
      await cache.invalidateQueries();
    },
    onError: (error) => show({ text: errorText(error), tone: "bad" }),
  });
}
