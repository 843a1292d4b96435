import { Activity, BadgeJapaneseYen, Boxes, Building2, CreditCard, Disc3, GitBranch, KeyRound, Monitor, MonitorCog, Network, Repeat2, ScrollText, Server, Settings, Tags, Users, Waypoints, type LucideIcon } from "lucide-react";
import type { MemberRole, OperatorRole } from "@/server/tenancy/types";

export type NavKey =
  | "desktops" | "desktopPools" | "instances" | "images" | "networks" | "keys" | "usage" | "billing" | "members" | "audit" | "settings"
  | "clusters" | "hosts" | "decisions" | "loops" | "organizations" | "catalog" | "prices" | "adminBilling" | "adminDesktops" | "adminAudit" | "overview";

export interface NavItem<Right> {
  readonly key: NavKey;
  readonly path: string;
  readonly icon: LucideIcon;
  readonly right: Right;
}

export interface NavSection<Right> {
  readonly key: "desktops" | "compute" | "money" | "organization" | "fleet" | "customers" | "record";
  readonly items: readonly NavItem<Right>[];
}

export const PORTAL_NAV: readonly NavSection<MemberRole>[] = [
  {
    key: "compute",
    items: [
      { key: "instances", path: "/instances", icon: Server, right: "viewer" },
      { key: "images", path: "/images", icon: Disc3, right: "viewer" },
      { key: "networks", path: "/networks", icon: Waypoints, right: "viewer" },
      { key: "keys", path: "/keys", icon: KeyRound, right: "viewer" },
    ],
  },
  {
    key: "desktops",
    items: [
      { key: "desktops", path: "/desktops", icon: Monitor, right: "viewer" },
      { key: "desktopPools", path: "/desktop-pools", icon: MonitorCog, right: "operator" },
    ],
  },
  {
    key: "money",
    items: [
      { key: "usage", path: "/usage", icon: Activity, right: "billing" },
      { key: "billing", path: "/billing", icon: CreditCard, right: "billing" },
    ],
  },
  {
    key: "organization",
    items: [
      { key: "members", path: "/members", icon: Users, right: "viewer" },
      { key: "audit", path: "/audit", icon: ScrollText, right: "admin" },
      { key: "settings", path: "/settings", icon: Settings, right: "viewer" },
    ],
  },
];

export const ADMIN_NAV: readonly NavSection<OperatorRole>[] = [
  {
    key: "fleet",
    items: [
      { key: "clusters", path: "/clusters", icon: Boxes, right: "auditor" },
      { key: "hosts", path: "/hosts", icon: Network, right: "auditor" },
      { key: "adminDesktops", path: "/desktops", icon: MonitorCog, right: "auditor" },
      { key: "decisions", path: "/decisions", icon: GitBranch, right: "auditor" },
      { key: "loops", path: "/loops", icon: Repeat2, right: "auditor" },
    ],
  },
  {
    key: "customers",
    items: [
      { key: "organizations", path: "/organizations", icon: Building2, right: "auditor" },
      { key: "catalog", path: "/catalog", icon: Tags, right: "auditor" },
    ],
  },
  {
    key: "money",
    items: [
      { key: "adminBilling", path: "/billing", icon: CreditCard, right: "auditor" },
      { key: "prices", path: "/prices", icon: BadgeJapaneseYen, right: "auditor" },
    ],
  },
  { key: "record", items: [{ key: "adminAudit", path: "/audit", icon: ScrollText, right: "auditor" }] },
];
