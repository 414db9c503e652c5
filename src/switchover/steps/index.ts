import type { SwitchMethod } from '../switch-report.js';
import { catchUp } from './catch-up.js';
import { check } from './check.js';
import { connect } from './connect.js';
import { demote } from './demote.js';
import { failover } from './failover.js';
import { hold } from './hold.js';
import { lock } from './lock.js';
import { pause } from './pause.js';
import { prepare } from './prepare.js';
import { promote } from './promote.js';
import { prove } from './prove.js';
import { raiseFence } from './raise-fence.js';
import { rePoint } from './re-point.js';
import { release } from './release.js';
import { restore } from './restore.js';
import type { Step } from './step.js';
import { tellSentinels } from './tell-sentinels.js';
import { writeJournal } from './write-journal.js';

export type { Phase, Step } from './step.js';

const before: readonly Step[] = [connect, lock, check, prepare, writeJournal, raiseFence, hold];
const after: readonly Step[] = [release, tellSentinels, rePoint, restore, prove];

/** The order is that of facts measured on real servers; no crash between two steps leaves two nodes open for writes. */
export const stepsOf: Readonly<Record<SwitchMethod, readonly Step[]>> = {
  manual: [...before, pause, catchUp, promote, demote, ...after],
  failover: [...before, failover, ...after],
};

/** What a resumed switch that has been promoted still goes through. */
export const stepsAfterPromotion: readonly Step[] = [demote, ...after];
