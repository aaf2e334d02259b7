// A JPEG with boxes over it. Picture and boxes change together: the next picture is decoded first, then both are
// swapped. The canvas keeps only the pixels that are shown, so a thumbnail does not hold a whole camera frame.
// A defect map lies between them: from clear over yellow to red, as strong as whoever looks wants it.
// Who points at a phrase of the report (phrases.js) sees the places it is about, and the rest goes dark.
const DARK = 0.72; // as .dark in style.css

export default {
  template: `
    <div class="picture" :data-src="shown ? shown.src : ''" :data-failed="failed">
      <canvas ref="canvas"></canvas>
      <svg v-if="shown" :viewBox="shown.view.join(' ')" preserveAspectRatio="xMidYMid meet">
        <image v-if="heat && mapOn && !lit" class="heat" :href="heat" preserveAspectRatio="none" :opacity="strength / 100"
               :x="shown.overlay.region[0]" :y="shown.overlay.region[1]"
               :width="shown.overlay.region[2]" :height="shown.overlay.region[3]" />
        <rect v-if="shown.region" class="region" :x="shown.region[0]" :y="shown.region[1]"
              :width="shown.region[2]" :height="shown.region[3]" />
        <g v-for="(box, index) in shown.boxes" :key="index" class="box">
          <rect class="halo" :x="box[0]" :y="box[1]" :width="box[2]" :height="box[3]" />
          <rect class="line" :x="box[0]" :y="box[1]" :width="box[2]" :height="box[3]" />
        </g>
        <g v-if="lit" class="lit">
          <mask :id="'unlit' + $.uid">
            <rect class="around" :x="shown.view[0]" :y="shown.view[1]" :width="shown.view[2]" :height="shown.view[3]" />
            <rect v-for="place in lit.places" :x="place[0]" :y="place[1]" :width="place[2]" :height="place[3]" />
          </mask>
          <rect class="dark" :x="shown.view[0]" :y="shown.view[1]" :width="shown.view[2]" :height="shown.view[3]"
                :mask="'url(#unlit' + $.uid + ')'" />
          <image v-if="lit.looked" class="looked" :href="lit.looked" preserveAspectRatio="none"
                 :x="lit.places[0][0]" :y="lit.places[0][1]" :width="lit.places[0][2]" :height="lit.places[0][3]" />
          <rect v-else v-for="place in lit.places" class="place"
                :x="place[0]" :y="place[1]" :width="place[2]" :height="place[3]" />
        </g>
      </svg>
      <div v-if="heat" class="heat-control">
        <label><input type="checkbox" v-model="mapOn" />{{ shown.overlay.title }}</label>
        <input type="range" min="10" max="100" step="5" v-model.number="strength" :disabled="!mapOn"
               :aria-label="shown.overlay.strengthTitle" :title="shown.overlay.strengthTitle" />
      </div>
    </div>`,
  props: { scene: Object },
  data: () => ({ shown: null, failed: false, heat: "", mapOn: true, strength: 60, lit: null }),
  mounted() {
    this.load();
  },
  watch: {
    scene() {
      this.load();
    },
  },
  methods: {
    // place: {regions: [[x, y, w, h]]} or {attention: {region, rows in percent}}, in pixels of the frame; null for none.
    light(place) {
      if (!place?.attention) this.lit = place && { places: place.regions };
      else this.lit = { places: [place.attention.region], looked: this.shaded(place.attention.rows) };
    },
    shaded(rows) {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [rows[0].length, rows.length];
      const context = canvas.getContext("2d");
      const pixels = context.createImageData(canvas.width, canvas.height);
      rows.flat().forEach((level, i) => (pixels.data[4 * i + 3] = Math.round(DARK * 255 * (1 - level / 100))));
      context.putImageData(pixels, 0, 0);
      return canvas.toDataURL();
    },
    async load() {
      const scene = this.scene;
      if (!scene || this.loading) return; // the newest scene is picked up when the one under way is done
      this.loading = true;
      try {
        if (!this.shown || scene.src !== this.shown.src) {
          const image = await this.fetched(scene.src);
          const heat = scene.overlay ? await this.coloured(scene.overlay.src) : "";
          this.draw(image, scene);
          this.heat = heat;
        }
        this.shown = scene;
        this.lit = null;
        this.failed = false;
      } catch {
        this.failed = true; // the last good picture stays; the caller shows why there is no newer one
      } finally {
        this.loading = false;
      }
      if (this.scene !== scene) this.load();
    },
    async fetched(src) {
      const image = new Image();
      image.src = (window.path_prefix || "") + src;
      await image.decode();
      return image;
    },
    async coloured(src) {
      let map;
      try {
        map = await this.fetched(src);
      } catch {
        return ""; // the picture is worth showing without it
      }
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [map.naturalWidth, map.naturalHeight];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(map, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < pixels.data.length; i += 4) {
        const level = pixels.data[i];
        pixels.data.set([255, 230 - 0.8 * level, 0, level], i);
      }
      context.putImageData(pixels, 0, 0);
      return canvas.toDataURL();
    },
    draw(image, scene) {
      const scale = image.naturalWidth / scene.frame[0];
      const [x, y, width, height] = scene.view.map((length) => length * scale);
      const canvas = this.$refs.canvas;
      if (!canvas) return; // removed while the picture was on its way
      const shrink = Math.min(1, scene.pixels / width);
      canvas.width = Math.max(1, Math.round(width * shrink));
      canvas.height = Math.max(1, Math.round(height * shrink));
      canvas.getContext("2d", { alpha: false }).drawImage(image, x, y, width, height, 0, 0, canvas.width, canvas.height);
    },
  },
};
