export { type Downstream, FollowDoor, type FollowDoorOptions, type FollowEnd } from './follow-door.js';
