"use client";

import { useSelectedLayoutSegments } from "next/navigation";
import type { ReactNode } from "react";
import { NavList } from "./nav-list";
import { ADMIN_NAV, PORTAL_NAV } from "./navigation";
import { OrganizationSwitcher } from "./organization-switcher";
import { Shell } from "./shell";
import { StandingNotice } from "./standing-notice";
import { UserBar } from "./user-bar";
import { useOrganization, useStaff } from "./viewer";

export function PortalShell({ children }: { readonly children: ReactNode }) {
  const organization = useOrganization();
  const [area, ...rest] = useSelectedLayoutSegments();
  // A desktop that somebody works in has the window for itself.
  if (area === "desktops" && rest.length > 0) return <main id="content">{children}</main>;
  return (
    <Shell
      head={<OrganizationSwitcher />}
      nav={(close) => <NavList base={`/o/${organization.slug}`} sections={PORTAL_NAV} may={organization.may} onNavigate={close} />}
      foot={<UserBar />}
    >
      <StandingNotice standing={organization.standing} />
      {children}
    </Shell>
  );
}

export function AdminShell({ children }: { readonly children: ReactNode }) {
  const staff = useStaff();
  return (
    <Shell head={<OrganizationSwitcher operator />} nav={(close) => <NavList base="/admin" sections={ADMIN_NAV} may={staff.may} onNavigate={close} />} foot={<UserBar />}>
      {children}
    </Shell>
  );
}

/** The person's own page: no organization, no navigation but the switcher. */
export function AccountShell({ children }: { readonly children: ReactNode }) {
  return (
    <Shell head={<OrganizationSwitcher />} nav={() => null} foot={<UserBar />}>
      {children}
    </Shell>
  );
}
