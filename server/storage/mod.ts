/**
 * Storage: the store (Deno KV), the vault that seals what lies in it, and locks across processes.
 * @module
 */
export type { Change, Entry, ListOptions, Store } from "./store.ts";
export { type SealedRecord, UnsealError, type Vault } from "./vault.ts";
export type { AcquireOptions, Held, Locks } from "./locks.ts";
export { StorageStartError } from "./start_error.ts";
export type { KvLike, StoreLimits } from "./kv_store.ts";
export { openStore, type OpenStoreOptions } from "./open_store.ts";
export { openVault, type OpenVaultOptions } from "./open_vault.ts";
export type { RandomBytes } from "./sealing_key.ts";
export { type FileLocksOptions, openFileLocks } from "./file_locks.ts";
export { type LeaseLocksOptions, openLeaseLocks } from "./lease_locks.ts";
export { openLocks, type OpenLocksOptions } from "./open_locks.ts";
