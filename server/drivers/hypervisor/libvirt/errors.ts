import { DriverError, type DriverErrorCode } from "../../errors";
import type { RemoteErrorBody } from "./rpc/structures";

/** libvirt's error numbers that decide something; everything else is `failed`. */
export const LIBVIRT_ERROR = {
  noSupport: 3,
  invalidArgument: 8,
  operationFailed: 9,
  xmlError: 27,
  domainExists: 28,
  operationDenied: 29,
  xmlDetail: 35,
  systemError: 38,
  noDomain: 42,
  authFailed: 45,
  noStoragePool: 49,
  noStorageVolume: 50,
  operationInvalid: 55,
  noNwfilter: 62,
  configUnsupported: 67,
  operationTimeout: 68,
  argumentUnsupported: 74,
  operationAborted: 78,
  authCancelled: 79,
  noDomainMetadata: 80,
  migrateUnsafe: 81,
  operationUnsupported: 84,
  agentUnresponsive: 86,
  resourceBusy: 87,
  accessDenied: 88,
  storageVolumeExists: 90,
  cpuIncompatible: 91,
  xmlInvalidSchema: 92,
  authUnavailable: 94,
  agentUnsynced: 97,
  deviceMissing: 99,
} as const;

const CODE_BY_NUMBER = new Map<number, DriverErrorCode>([
  [LIBVIRT_ERROR.noDomain, "not-found"],
  [LIBVIRT_ERROR.noStoragePool, "not-found"],
  [LIBVIRT_ERROR.noStorageVolume, "not-found"],
  [LIBVIRT_ERROR.noNwfilter, "not-found"],
  [LIBVIRT_ERROR.noDomainMetadata, "not-found"],
  [LIBVIRT_ERROR.domainExists, "already-exists"],
  [LIBVIRT_ERROR.storageVolumeExists, "already-exists"],
  [LIBVIRT_ERROR.resourceBusy, "locked"],
  [LIBVIRT_ERROR.invalidArgument, "invalid"],
  [LIBVIRT_ERROR.xmlError, "invalid"],
  [LIBVIRT_ERROR.xmlDetail, "invalid"],
  [LIBVIRT_ERROR.xmlInvalidSchema, "invalid"],
  [LIBVIRT_ERROR.cpuIncompatible, "unsupported"],
  [LIBVIRT_ERROR.noSupport, "unsupported"],
  [LIBVIRT_ERROR.configUnsupported, "unsupported"],
  [LIBVIRT_ERROR.argumentUnsupported, "unsupported"],
  [LIBVIRT_ERROR.operationUnsupported, "unsupported"],
  [LIBVIRT_ERROR.migrateUnsafe, "unsupported"],
  [LIBVIRT_ERROR.authFailed, "refused"],
  [LIBVIRT_ERROR.authCancelled, "refused"],
  [LIBVIRT_ERROR.authUnavailable, "refused"],
  [LIBVIRT_ERROR.accessDenied, "refused"],
  [LIBVIRT_ERROR.operationDenied, "refused"],
  [LIBVIRT_ERROR.operationTimeout, "timeout"],
  // The agent lives in the guest: no answer from it says nothing about the host.
  [LIBVIRT_ERROR.agentUnresponsive, "timeout"],
  [LIBVIRT_ERROR.agentUnsynced, "timeout"],
]);

/**
 * QEMU's and virtlockd's own words where libvirt gives only a general number. The texts are stable: QEMU's image
 * lock says `Failed to get "write" lock`, the lock manager says that a lockspace resource is locked.
 */
const CODE_BY_WORDS: readonly (readonly [RegExp, DriverErrorCode])[] = [
  [/Failed to get (shared )?"[a-z ]+" lock|Lockspace resource .* is locked|is another process using the image/i, "locked"],
  [/Cannot allocate memory|No space left on device|cannot set up guest memory|no free memory device slot|out of memory/i, "insufficient"],
  [/timed out/i, "timeout"],
  [/unable to connect to server|No route to host|Connection refused/i, "failed"],
];

/** The code by which a loop decides; words are looked at before numbers, because QEMU's refusals arrive as general failures. */
export function driverCodeOf(error: Pick<RemoteErrorBody, "code" | "message">): DriverErrorCode {
  const message = error.message ?? "";
  const byWords = CODE_BY_WORDS.find(([words]) => words.test(message));
  if (byWords !== undefined) return byWords[1];
  return CODE_BY_NUMBER.get(error.code) ?? "failed";
}

/** A refusal by libvirtd itself, with its number for the callers inside this driver. */
export class LibvirtError extends DriverError {
  readonly libvirtCode: number;

  constructor(attempted: string, on: string, body: RemoteErrorBody) {
    const words = body.message ?? "libvirt gave no reason";
    super(driverCodeOf(body), `${attempted} on ${on} did not work: ${words}`, {
      libvirtCode: body.code,
      libvirtDomain: body.domain,
      libvirtMessage: words,
      ...(body.str1 === null || body.str1 === "%s" ? {} : { str1: body.str1 }),
      ...(body.str2 === null ? {} : { str2: body.str2 }),
      ...(body.int1 === 0 || body.int1 === -1 ? {} : { int1: body.int1 }),
    });
    this.libvirtCode = body.code;
  }
}

export function isLibvirtError(error: unknown, ...numbers: readonly number[]): error is LibvirtError {
  return error instanceof LibvirtError && numbers.includes(error.libvirtCode);
}
