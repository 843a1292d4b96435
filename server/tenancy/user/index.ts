export { addUser, ensureUser } from "./create-user";
export { hashPassword, prepareDecoy, verifyPassword } from "./hash-password";
export { lockUser, selectUser, selectUserByEmail, updateUser } from "./store";
export { updateProfile } from "./update-profile";
export type { NewUser, UserRow } from "./types";
