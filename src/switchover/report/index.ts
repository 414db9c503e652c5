export { reportPage } from './page.js';
export {
  type ErrorGrowth,
  errorGrowth,
  type StoryNode,
  type StoryOutcome,
  type SwitchStory,
  storyNodes,
} from './story.js';
export { verdict } from './words.js';
