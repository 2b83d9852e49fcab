// Plotly's one script, asked for as soon as this module comes: reading it takes a browser longer than all of ours together.
// Where it does not come, whoever draws is told, and the next drawing asks for it again.

let loading = null;

export const plotly = () => {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Error("plotly did not come"));
    });
    script.src = document.querySelector("link[data-plotly]").href;
    document.head.append(script);
  });
  return loading;
};

if (document.querySelector("link[data-plotly]")) plotly().catch(() => {});
