import type { Ask } from '../a2a.model.js';
import { toAskAnswer } from './answer.mapper.js';

function questionWith(custom: boolean): Ask {
  const options = [
    { label: 'Red', description: '' },
    { label: 'Blue', description: '' },
  ];
  return {
    type: 'question',
    id: 'que_1',
    question: { id: 'que_1', sessionId: 'ses_1', items: [{ header: 'Colour', question: 'Which?', options, multiple: false, custom }] },
  };
}

// OpenCode's own tool lets every question be answered freely: only agents of plugins ask otherwise.
describe('an answer in words', () => {
  it.each(['green', '3', '0', ''])('is none to a question without free text, when it is “%s”', (text) => {
    expect(toAskAnswer(questionWith(false), [], text)).toBeUndefined();
  });

  it.each(['BLUE', ' 2 '])('is an option by its label or number, as in “%s”', (text) => {
    for (const custom of [true, false])
      expect(toAskAnswer(questionWith(custom), [], text)).toEqual({ type: 'question', answers: [['Blue']] });
  });

  it('is free text where that is allowed', () => {
    expect(toAskAnswer(questionWith(true), [], 'green')).toEqual({ type: 'question', answers: [['green']] });
  });
});
