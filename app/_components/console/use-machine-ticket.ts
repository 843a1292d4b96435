"use client";

import { useTRPCClient } from "@/app/_trpc/client";

interface Machine {
  readonly organization: string;
  readonly instanceId: string;
  readonly kind: "vnc" | "serial";
  readonly viewOnly: boolean;
}

/** Where the tickets of a machine's own console come from. */
export function useMachineTicket(machine: Machine): { readonly ticketKey: string; readonly fetchTicket: () => Promise<{ readonly url: string }> } {
  const client = useTRPCClient();
  const { organization, instanceId, kind, viewOnly } = machine;
  return {
    ticketKey: [organization, instanceId, kind, viewOnly ? "looks" : "types"].join("/"),
    fetchTicket: () => client.console.ticket.mutate({ organization, instanceId, kind, viewOnly }),
  };
}
