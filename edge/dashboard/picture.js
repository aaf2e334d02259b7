// A JPEG with boxes over it. Picture and boxes change together: the next picture is decoded first, then both are
// swapped. The canvas keeps only the pixels that are shown, so a thumbnail does not hold a whole camera frame.
export default {
  template: `
    <div class="picture" :data-src="shown ? shown.src : ''" :data-failed="failed">
      <canvas ref="canvas"></canvas>
      <svg v-if="shown" :viewBox="shown.view.join(' ')" preserveAspectRatio="xMidYMid meet">
        <rect v-if="shown.region" class="region" :x="shown.region[0]" :y="shown.region[1]"
              :width="shown.region[2]" :height="shown.region[3]" />
        <g v-for="(box, index) in shown.boxes" :key="index" class="box">
          <rect class="halo" :x="box[0]" :y="box[1]" :width="box[2]" :height="box[3]" />
          <rect class="line" :x="box[0]" :y="box[1]" :width="box[2]" :height="box[3]" />
        </g>
      </svg>
    </div>`,
  props: { scene: Object },
  data: () => ({ shown: null, failed: false }),
  mounted() {
    this.load();
  },
  watch: {
    scene() {
      this.load();
    },
  },
  methods: {
    async load() {
      const scene = this.scene;
      if (!scene || this.loading) return; // the newest scene is picked up when the one under way is done
      this.loading = true;
      try {
        if (!this.shown || scene.src !== this.shown.src) this.draw(await this.fetched(scene.src), scene);
        this.shown = scene;
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
