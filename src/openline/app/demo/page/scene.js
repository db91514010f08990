// The demo's own acts on the two posts and the paths between them, and what the posts report of themselves.

/** Ask the demo to do something; its refusal is an error with words. */
export async function act(what, facts = {}) {
  const answer = await fetch(`act/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(facts),
  });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail ?? said.error), { code: said.error, facts: said.facts });
  return said;
}

/** What both posts report, about four times a second, as they report it. */
export class Reports extends EventTarget {
  constructor() {
    super();
    this.last = null;
    const source = new EventSource("reports");
    source.onmessage = ({ data }) => {
      this.last = JSON.parse(data);
      this.dispatchEvent(new Event("report"));
    };
    source.onerror = () => {
      this.last = null;
      this.dispatchEvent(new Event("report"));
    };
  }

  /** The first report for which `holds` is true, or an error with the code after `ms`. */
  until(holds, ms, code) {
    return new Promise((done, fail) => {
      const look = () => {
        if (!this.last || !holds(this.last)) return;
        end();
        done(this.last);
      };
      const timer = setTimeout(() => {
        end();
        fail(Object.assign(new Error(code), { code }));
      }, ms);
      const end = () => {
        clearTimeout(timer);
        this.removeEventListener("report", look);
      };
      this.addEventListener("report", look);
      look();
    });
  }
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
