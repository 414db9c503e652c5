export { Conversation, type ConversationOptions } from './conversation.js';
export { ConversationError, type ConversationErrorCode } from './conversation-error.js';
export type { HeardNotice } from './heard-notice.js';
export { NodeProbe, type Probe } from './node-probe.js';
export type { NodeView } from './node-view.js';
export {
  type Answer,
  answerChannel,
  encodeAnswer,
  encodeNotice,
  NOTICE_BOUNDS,
  NOTICE_CHANNEL,
  type Notice,
  parseAnswer,
  parseNotice,
  type Reading,
  type Statement,
} from './notice.js';
export type { ReplicaWish } from './replicas.js';
export { type Endpoint, type Identity, parseInfo, parseReport, type Report } from './replication-report.js';
export { Topology } from './topology.js';
export { TopologyError, type TopologyErrorCode } from './topology-error.js';
export type { PrimaryCause, StaleReason, TopologyEvent } from './topology-event.js';
export type { AddressMap, TopologyOptions } from './topology-options.js';
export { thinned, type Waiting } from './waiting.js';
export type { PrimaryView } from './watch-state.js';
