/** A failover question in one line of JSON: who must be fenced, and where does everything run afterwards? */
export interface CaseHost {
  id: string;
  /** up; lost (silent, not fenced); sick (answers, must be fenced); draining (keeps nothing); off (known off); booting. */
  state: "up" | "lost" | "sick" | "draining" | "off" | "booting";
  cpu: number;
  memoryMiB: number;
}

export interface CaseInstance {
  id: string;
  wanted: "on" | "off";
  /** Last known hosts; more than one is a split that must be healed. */
  runningOn: string[];
  priority: number;
  canMigrate: boolean;
  stickiness?: number;
  cpu: number;
  memoryMiB: number;
  bannedHosts: string[];
}

export interface FailoverCase {
  id: string;
  canFence: boolean;
  quorate: boolean;
  onNoQuorum: "stop" | "ignore" | "freeze";
  capacityBinds: boolean;
  hosts: CaseHost[];
  instances: CaseInstance[];
  apart: [string, string][];
}

export interface CaseStep {
  op: "fence" | "stop" | "start" | "migrate_to";
  instance?: string;
  host?: string;
}

export interface CaseResult {
  id: string;
  fence: string[];
  final: Record<string, string | null>;
  order: CaseStep[];
  /** Running instances that end on another host. */
  moves: number;
}
