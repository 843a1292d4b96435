// What tenants and operators ask for.
export { beginUpload } from "./image/begin-upload";
export { listImages } from "./image/list-images";
export { receiveUpload, uploadPath } from "./image/receive-upload";
export { removeImage } from "./image/remove-image";
export type { ImageFacts, ImageInspector, ImageView } from "./image/types";
export { createInstance } from "./instance/create-instance";
export { deleteInstance } from "./instance/delete-instance";
export { getInstance } from "./instance/get-instance";
export { listInstances } from "./instance/list-instances";
export { previewResize } from "./instance/preview-resize";
export { purgeInstance } from "./instance/purge-instance";
export { readTimeline } from "./instance/read-timeline";
export { rebootInstance } from "./instance/reboot-instance";
export { rebuildInstance } from "./instance/rebuild-instance";
export { renameInstance } from "./instance/rename-instance";
export { resizeInstance } from "./instance/resize-instance";
export { restoreInstance } from "./instance/restore-instance";
export { startInstance } from "./instance/start-instance";
export { deriveStatus, statusReason } from "./instance/derive-status";
export { checkNetwork, createNetwork, createNetworkIn } from "./network/create-network";
export { createPrivateNetwork } from "./network/create-private-network";
export { holdNetwork } from "./network/hold-network";
export { listNetworks } from "./network/list-networks";
export { removeNetwork } from "./network/remove-network";
export type { CreateNetworkInput } from "./network/schema";
export type { NetworkView } from "./network/types";
export { suspendInstance } from "./instance/suspend-instance";
export { stopInstance } from "./instance/stop-instance";
export { INSTANCE_STATUSES } from "./instance/types";
export type { ChangeEffect, InstanceDetail, InstancePage, InstanceStatus, InstanceSummary, ResizePreview, TimelineEntry } from "./instance/types";
export { listOffers, type Offer } from "./offer/list-offers";
export { addSshKey } from "./ssh-key/add-ssh-key";
export { listSshKeys } from "./ssh-key/list-ssh-keys";
export { removeSshKey } from "./ssh-key/remove-ssh-key";
export type { SshKeyView } from "./ssh-key/types";

export { getConsent, setConsent } from "./consent/set-consent";

// What the loops read and write.
export { giveNotice, readConsents } from "./consent/set-consent";
export { standOf } from "./consent/rules";
export type { MoveConsent } from "./consent/types";
export { imageSource, imageSources } from "./image/image-sources";
export { failAbandonedUploads, listImporting, listRetiredImages, listStillImporting, markAvailable, markFailed, markImageRemoved } from "./image/mark-image";
export { countRecentEvents } from "./instance/count-events";
export { recordInstanceEvents } from "./instance/record-events";
export { abandonSuspend } from "./observation/abandon-suspend";
export { decideGuestShutdown } from "./observation/decide-guest-shutdown";
export { getInstanceForConverge, getInstancesForConverge, listInstancesForCluster, listPurgeDue, readGeneration } from "./desired/list-for-cluster";
export { noteApplied } from "./observation/note-applied";
export { noteCrash } from "./observation/note-crash";
export { noteFailure } from "./observation/note-failure";
export { notePendingBoot } from "./observation/note-pending-boot";
export { notePlaced } from "./observation/note-placed";
export { beginPurge, markPurged } from "./observation/mark-purged";
export { listNotRunning, listUnsettled, readObserved, type ObservedRow } from "./observation/read-observed";
export { recordObservation } from "./observation/record-observation";
export { noteWaiting, setPhase } from "./observation/set-phase";
export { seedFiles } from "./seed/seed-files";
export { dropMemory, giveBackMemory, useMemory } from "./volume/use-memory";
export { markVolumes } from "./volume/mark-volumes";
export { enforceStanding } from "./standing/enforce-standing";
export { listCapped, startAfterCap, stopForCap } from "./cap/stop-capped";
export type {
  AddressView, DesiredInstance, EventInput, FlavorShape, ImageSource, InstancePhase, ObservationChange, ObservationInput, ObservedState, SeedFiles, VolumeView,
} from "./types";
