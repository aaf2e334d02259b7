// A text of which some pieces can be pointed at: with the mouse, by keyboard, by a tap. The picture then shows where.
export default {
  template: `
    <div class="phrases"><template v-for="(piece, index) in pieces" :key="index"
      ><span v-if="piece.place" class="phrase" :class="{ pointed: index === pointed }" tabindex="0"
             @pointerenter="hovered = index" @pointerleave="hovered = null"
             @focus="focused = index" @blur="focused = null">{{ piece.text }}</span
      ><template v-else>{{ piece.text }}</template></template></div>`,
  props: { pieces: Array, picture: Number },
  data: () => ({ hovered: null, focused: null }), // a tap leaves the focus behind, so that it stays to be looked at
  computed: {
    pointed() {
      return this.hovered ?? this.focused;
    },
  },
  watch: {
    pointed() {
      this.light(this.pointed === null ? null : this.pieces[this.pointed].place);
    },
  },
  beforeUnmount() {
    this.light(null);
  },
  methods: {
    light(place) {
      getElement(this.picture)?.light(place);
    },
  },
};
