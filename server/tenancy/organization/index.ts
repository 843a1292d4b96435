export { createOrganization } from "./create-organization";
export { findOrganization, getAnyOrganization, getOrganization, readOrganization } from "./get-organization";
export { listOrganizations, type OrganizationPage } from "./list-organizations";
export { setStanding, setStandingIn } from "./set-standing";
export { updateOrganization } from "./update-organization";
export type { Organization, OrganizationSummary } from "./types";
