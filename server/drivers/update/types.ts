/** What is done to one empty host as its update. */
export type UpdateStep = { readonly kind: "webhook"; readonly url: string } | { readonly kind: "command"; readonly command: string } | { readonly kind: "none" };

/** What the step is told of its host. */
export interface UpdateTarget {
  readonly updateId: string;
  readonly hostId: string;
  readonly hostName: string;
  readonly uri: string;
  readonly managementAddress: string;
}

/** The door to whatever updates hosts: Ansible, a vendor's tool, a script. */
export interface UpdateDriver {
  /**
   * Runs the step and resolves with its last words when it says that it is done; a host may restart meanwhile.
   * @throws DriverError `failed` with its words when it says that it is not, `timeout` when it says nothing in time.
   */
  run(step: UpdateStep, target: UpdateTarget, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<{ readonly output: string }>;
}
