"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";

/** Start, stop, suspend, reboot of one instance: each writes what is wanted, and the status follows live. */
export function usePower(instanceId: string) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { slug: organization } = useOrganization();
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.instances.pathFilter());
  const onError = useProblemToast();
  const start = useMutation(trpc.instances.start.mutationOptions({ onSettled, onError }));
  const stop = useMutation(trpc.instances.stop.mutationOptions({ onSettled }));
  const reboot = useMutation(trpc.instances.reboot.mutationOptions({ onSettled }));
  const suspend = useMutation(trpc.instances.suspend.mutationOptions({ onSettled, onError }));
  const target = { organization, instanceId };
  return {
    busy: start.isPending || stop.isPending || reboot.isPending || suspend.isPending,
    start: () => start.mutate(target),
    stop: () => stop.mutate(target, { onError }),
    suspend: () => suspend.mutate(target),
    reboot: () => reboot.mutate({ ...target, mode: "guest" as const }, { onError }),
    /** For a question that shows the refusal itself. */
    stopNow: () => stop.mutateAsync({ ...target, force: true }),
    resetNow: () => reboot.mutateAsync({ ...target, mode: "reset" as const }),
  };
}
