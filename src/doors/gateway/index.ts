export type { Downstream, FollowEnd } from './downstream.js';
export { FollowDoor, type FollowDoorOptions } from './follow-door.js';
export { Trunks } from './trunks.js';
