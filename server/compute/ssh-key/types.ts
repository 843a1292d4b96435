export interface ParsedSshKey {
  readonly type: string;
  /** Type, base64 and comment in the one-line form that guests read. */
  readonly text: string;
  readonly comment: string;
  /** `SHA256:` and base64 without padding, as ssh-keygen prints it. */
  readonly fingerprint: string;
}

export interface SshKeyView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly createdAt: Date;
}
