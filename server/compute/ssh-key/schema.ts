import { z } from "zod";

export const addSshKeyInput = z.object({ name: z.string().trim().min(1).max(100), publicKey: z.string().max(16_384) });
export type AddSshKeyInput = z.infer<typeof addSshKeyInput>;

export const sshKeyRef = z.object({ sshKeyId: z.string().min(1).max(64) });
export type SshKeyRef = z.infer<typeof sshKeyRef>;
