"use client";

import { useTranslations } from "next-intl";
import type { InstanceStatus } from "@/server/compute/instance/types";
import { Badge, type Tone } from "@/app/_components/ui/badge";

export type { InstanceStatus };

const LOOK: Record<InstanceStatus, { readonly tone: Tone; readonly moving?: boolean }> = {
  running: { tone: "good" },
  stopped: { tone: "neutral" },
  deleted: { tone: "neutral" },
  paused: { tone: "neutral" },
  provisioning: { tone: "accent", moving: true },
  starting: { tone: "accent", moving: true },
  stopping: { tone: "accent", moving: true },
  suspending: { tone: "accent", moving: true },
  suspended: { tone: "neutral" },
  rebooting: { tone: "accent", moving: true },
  resizing: { tone: "accent", moving: true },
  rebuilding: { tone: "accent", moving: true },
  migrating: { tone: "accent", moving: true },
  deleting: { tone: "accent", moving: true },
  recovering: { tone: "warn", moving: true },
  "waiting-for-capacity": { tone: "warn" },
  unreachable: { tone: "warn" },
  crashed: { tone: "bad" },
  error: { tone: "bad" },
};

export function StatusBadge({ status, reason }: { readonly status: InstanceStatus; readonly reason?: string | null }) {
  const t = useTranslations("status");
  const { tone, moving } = LOOK[status];
  return (
    <Badge tone={tone} dot={moving ? "moving" : true} title={reason ?? undefined}>
      {t(status)}
    </Badge>
  );
}

/** Which states a filter offers, the common ones first. */
export const INSTANCE_STATUSES = Object.keys(LOOK) as readonly InstanceStatus[];
