const pad = (index: number): string => String(index).padStart(26, "0");
export const hostId = (index: number): string => `hst_${pad(index)}`;
export const instanceId = (index: number): string => `ins_${pad(index)}`;
