// Search on a page that was opened from a folder. Browsers give such a page no Worker, so a hidden frame stands in for one.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.documentElement.append(frame);
      const inside = frame.contentWindow;
      const script = inside.document.createElement("script");
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...each) => Promise.all(each.map((src) => load(inside.document, src)));
      this.ready = new Promise((done) => script.addEventListener("load", done));
      this.tell = (data) => inside.dispatchEvent(new inside.MessageEvent("message", { data }));
      script.src = address;
      inside.document.body.append(script);
    }

    postMessage(data) {
      this.ready.then(() => this.tell(data));
    }
  };
  window.Worker = window.IFrameWorker;
}

function load(page, src) {
  return new Promise((done, failed) => {
    const script = page.createElement("script");
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    script.src = src;
    page.body.append(script);
  });
}
