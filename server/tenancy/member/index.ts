export { addMember } from "./add-member";
export { changeRole } from "./change-role";
export { listMembers, listMembersOf, type MemberPage } from "./list-members";
export { removeMember } from "./remove-member";
export { selectMemberByEmail, lockMembers } from "./store";
export type { Member } from "./types";
